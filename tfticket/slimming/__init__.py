"""Channels that are really gone: which ones, and the smaller model without them."""

from tfticket.slimming.channel_scores import CHANNEL_SCORES, ChannelScore, channel_scores
from tfticket.slimming.channel_selection import ChannelLimits, channel_masks, select_channels
from tfticket.slimming.norms import reestimate_norms
from tfticket.slimming.penalty import ScalePenalty, penalize_scales
from tfticket.slimming.report import Cost, GroupReport, ShrinkReport
from tfticket.slimming.shrink import Shrunk, max_relative_difference, shrink

__all__ = [
    "CHANNEL_SCORES",
    "ChannelLimits",
    "ChannelScore",
    "Cost",
    "GroupReport",
    "ScalePenalty",
    "ShrinkReport",
    "Shrunk",
    "channel_masks",
    "channel_scores",
    "max_relative_difference",
    "penalize_scales",
    "reestimate_norms",
    "select_channels",
    "shrink",
]
