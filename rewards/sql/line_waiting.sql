-- In: a fund. Out: what each line's rules owe and could not pay yet. Reads only.
SELECT p.line, sum(t.due - t.posted) AS waiting
FROM program p JOIN reward_target t ON t.program = p.id
WHERE p.fund = :fund AND t.due <> t.posted AND t.due > t.posted
GROUP BY p.line
