-- Idempotency keys that are over are deleted in batches, the oldest first.
CREATE INDEX idempotency_at ON idempotency (at);
