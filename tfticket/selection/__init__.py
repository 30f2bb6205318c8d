"""Which weights survive: scores and a sparsity in, masks out."""

from tfticket.selection.budgets import budget, check_sparsity, sparsity_per_path
from tfticket.selection.densities import ERK, SmartRatio, Uniform, apportion
from tfticket.selection.granularity import Block, Channel, Granularity, Unstructured
from tfticket.selection.lookup import GRANULARITIES, SCOPES, get_granularity, get_scope
from tfticket.selection.n_by_m import NByM
from tfticket.selection.on_collapse import ON_COLLAPSE
from tfticket.selection.scope import Global, Group, Layer, Output, Scope, Together
from tfticket.selection.selecting import check_units, misfits, select
from tfticket.selection.shrinking import Shrinking
from tfticket.selection.top import keep_top, kth_largest

__all__ = [
    "ERK",
    "GRANULARITIES",
    "ON_COLLAPSE",
    "SCOPES",
    "Block",
    "Channel",
    "Global",
    "Granularity",
    "Group",
    "Layer",
    "NByM",
    "Output",
    "Scope",
    "Shrinking",
    "SmartRatio",
    "Together",
    "Uniform",
    "Unstructured",
    "apportion",
    "budget",
    "check_sparsity",
    "check_units",
    "get_granularity",
    "get_scope",
    "keep_top",
    "kth_largest",
    "misfits",
    "select",
    "sparsity_per_path",
]
