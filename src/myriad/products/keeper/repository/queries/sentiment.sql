-- name: starred_texts
SELECT text, stars
FROM keeper.review
WHERE stars IS NOT NULL AND text <> '' AND deleted_at IS NULL
ORDER BY reviewed_at DESC, id DESC
LIMIT %(limit)s
