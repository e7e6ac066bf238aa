"""Federal records: the Participant Individual Record Layout (PIRL), read, checked and written."""
