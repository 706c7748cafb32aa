#!/bin/bash
# Run once by the image of PostgreSQL, when the database is made: the role that nodes use, with its password.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set password="$LEDGER_PASSWORD" <<'SQL'
CREATE ROLE ledger LOGIN PASSWORD :'password';
SQL
