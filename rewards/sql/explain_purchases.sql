-- In: creator, first and last day, policy, a content or null. Out: the purchases between them of which the creator was
-- given a part. It only reads.
SELECT DISTINCT s.purchase_id FROM share s
WHERE s.creator = :creator AND s.day BETWEEN :since AND :until AND s.policy = :policy
    AND (CAST(:content AS text) IS NULL OR s.content = :content)
