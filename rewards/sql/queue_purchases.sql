-- In: program, first day. Queues every purchase since then that has shares under the program's policy. A repeat queues
-- them again, and their pricing writes nothing.
INSERT INTO changed_purchase (purchase_id)
SELECT b.id FROM purchase b
WHERE b.occurred_at >= CAST(:since AS date)
    AND EXISTS (SELECT FROM share s JOIN program p ON p.id = :program AND p.policy = s.policy WHERE s.purchase_id = b.id)
