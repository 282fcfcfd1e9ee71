-- In: a line, the payout that it returns, the key of the entry. Does: the line says so. A repeat writes the same.
UPDATE bank_line SET outcome = 'returned', payout_id = :payout,
    entry_id = (SELECT id FROM entry WHERE key = :key)
WHERE id = :line
