"""Bank files and statements: payments out as a file, what the bank did with them back in as one."""
