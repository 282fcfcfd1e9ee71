-- In: a program, a creator, the moment of joining. Queues the creator's sales from then on: a purchase from a clock that is
-- minutes ahead may have been priced before. A repeat queues them once more, which is harmless.
INSERT INTO changed_purchase (purchase_id)
SELECT DISTINCT s.purchase_id FROM share s JOIN program p ON p.id = :program AND p.policy = s.policy
WHERE s.creator = :creator AND s.day >= CAST(:since AS timestamptz)::date AND s.occurred_at >= :since
