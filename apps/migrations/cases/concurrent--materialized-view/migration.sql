REFRESH MATERIALIZED VIEW post_counts;
CREATE INDEX post_counts_n ON post_counts (n);
