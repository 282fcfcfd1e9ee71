-- In: nothing. Out: the first day that holds an entry, null without any. Reads only.
SELECT min(booked_on) FROM entry
