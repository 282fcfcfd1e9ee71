-- In: program, first day. Queues every purchase since then that has shares under the program's policy.
INSERT INTO changed_purchase (purchase_id)
SELECT DISTINCT s.purchase_id FROM share s
JOIN program p ON p.id = :program AND p.policy = s.policy WHERE s.day >= :since
