-- In: `statement_line`, its currency. Does: notes the payout of each line that carries our mark and the payout's amount:
-- out as it was sent, or in as what is left of it, if the line says that it is a return: whoever was paid knows the mark and
-- can write it on any payment. A repeat notes the same.
UPDATE statement_line s SET payout_id = p.id
FROM file_payment f JOIN payout p ON p.id = f.payout_id
WHERE f.end_to_end = s.mark AND p.currency = :currency
    AND (s.amount = -p.amount OR s.returns AND s.amount = p.amount - p.reversed)
