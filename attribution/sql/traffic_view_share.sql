-- In: `due` contents and their day, the share in percent. Out: into `hit` all views of a viewer on a content that had at
-- least 100 views on that day and at least that share of them from this viewer. All views count, doubted ones too, so it
-- does not matter what other rules found before.
WITH by_viewer AS MATERIALIZED (
    SELECT t.content, t.viewer, count(*) AS views, sum(count(*)) OVER (PARTITION BY t.content) AS of_all
    FROM touch t JOIN due d ON d.content = t.content
    WHERE t.kind = 1 AND t.occurred_at >= CAST(CAST(:day AS date) AS timestamptz)
        AND t.occurred_at < CAST(CAST(:day AS date) + 1 AS timestamptz)
    GROUP BY t.content, t.viewer
)
INSERT INTO hit (rule, detail, event_id, occurred_at, kind, viewer, content, product)
SELECT 'view_share', format('%s of the %s views of the content that day by one viewer, at least %s%%', v.views, v.of_all,
        CAST(:share AS integer)), t.event_id, t.occurred_at, t.kind, t.viewer, t.content, t.product
FROM by_viewer v
JOIN touch t ON t.viewer = v.viewer AND t.content = v.content AND t.kind = 1
    AND t.occurred_at >= CAST(CAST(:day AS date) AS timestamptz)
    AND t.occurred_at < CAST(CAST(:day AS date) + 1 AS timestamptz)
WHERE v.of_all >= 100 AND v.views * 100 >= v.of_all * :share
