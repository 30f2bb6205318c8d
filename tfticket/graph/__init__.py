"""Which layer feeds which; which channels stand or fall together."""

from tfticket.graph.call import State
from tfticket.graph.flops import Flops, flops
from tfticket.graph.following import follow, paths_of
from tfticket.graph.groups import ROLES, ChannelGroup, Graph, Member, channel_graph, graph_of
from tfticket.graph.record import Axis, Fold, Record, Resize, Use, Work, weighted
from tfticket.nodes import is_network

__all__ = [
    "ROLES",
    "Axis",
    "ChannelGroup",
    "Flops",
    "Fold",
    "Graph",
    "Member",
    "Record",
    "Resize",
    "State",
    "Use",
    "Work",
    "channel_graph",
    "flops",
    "follow",
    "graph_of",
    "is_network",
    "paths_of",
    "weighted",
]
