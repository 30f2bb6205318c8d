import numpy as np

from tfticket.retracing import retrace

X, Y = np.ones((4, 3), "f"), np.zeros((4, 1), "f")


def test_functions_are_traced_again_and_those_that_are_not_there_are_not_made(keras):
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    retrace(model, evaluation=True)
    model.compile("sgd", "mse")
    retrace(model, evaluation=True)
    assert model.train_function is None and model.test_function is None
    model.fit(X, Y, verbose=0)
    model.evaluate(X, Y, verbose=0)
    model.predict(X, verbose=0)
    before = [model.train_function, model.test_function, model.predict_function]
    retrace(model)
    assert model.train_function is not before[0] and model.test_function is before[1]
    retrace(model, evaluation=True)
    after = [model.train_function, model.test_function, model.predict_function]
    assert all(new is not None and new is not old for new, old in zip(after, before, strict=True))
