-- In: `statement_line`, its currency. Does: notes the payout of each line that carries our mark and the payout's amount:
-- out as it was sent, or in as what is left of it. A repeat notes the same.
UPDATE statement_line s SET payout_id = p.id
FROM file_payment f JOIN payout p ON p.id = f.payout_id
WHERE f.end_to_end = s.mark AND p.currency = :currency
    AND s.amount IN (-p.amount, p.amount - p.reversed)
