-- In: first and last day, policy. Puts every purchase between them that has shares under the policy into due_purchase.
INSERT INTO due_purchase (purchase_id)
SELECT DISTINCT purchase_id FROM share WHERE policy = :policy AND day BETWEEN :since AND :until
