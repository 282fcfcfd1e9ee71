-- In: the moment before which a touch has waited long enough. Out: such touches in state dropped, their reason as the
-- outcome. Those whose references exist by now are left for unpark_stage. Repeat: drops nothing.
UPDATE parked_event w SET state = 'dropped', outcome = w.reason
WHERE w.state = 'parked' AND w.kind IN (1, 2) AND w.parked_at < :before
    AND NOT (EXISTS (SELECT FROM content c WHERE c.id = w.content)
        AND (w.kind = 1 OR EXISTS (SELECT FROM product p WHERE p.id = w.product)))
