"""Paid tasks: a seller's money in escrow, creators' claims, submissions, review, bonus, dispute, settlement."""
