-- The public keys of token signers as last seen, by the address they came from: with them a service goes on checking
-- tokens while the service that publishes them is down.
CREATE TABLE "jwks_cache" (
    "url" TEXT NOT NULL,
    "keys" JSONB NOT NULL,
    "fetched_at" TIMESTAMPTZ NOT NULL DEFAULT now(),

    CONSTRAINT "jwks_cache_pkey" PRIMARY KEY ("url")
);
