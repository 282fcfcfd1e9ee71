"""What a creator reads when Stripe refuses a payout: the code, and a sentence without anything of our keys or accounts."""

_SENTENCES = {
    "account_invalid": "the Stripe account is gone or not connected to us",
    "amount_too_small": "the amount is below what Stripe sends",
    "balance_insufficient": "our account at Stripe has been short of money for too long",
    "insufficient_capabilities_for_transfer": "the Stripe account cannot receive transfers; finish its onboarding",
    "resource_missing": "Stripe does not know the account",
    "transfers_not_allowed": "the Stripe account cannot receive transfers",
}


def reason_of(code: str) -> str:
    """The reason of a hold."""
    return f"stripe_{code}: {_SENTENCES.get(code, 'Stripe did not accept the payout')}"
