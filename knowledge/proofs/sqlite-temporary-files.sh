#!/bin/sh
database=$PWD/big.db
sqlite3 "$database" "create table t (a, b);
    with recursive n (i) as (select 1 union all select i + 1 from n where i < 150000)
    insert into t select i * 7919 % 1000003, printf('%060d', i) from n;" || exit 99
cd /usr || exit 99
exec sqlite3 -batch "$database" \
    'select count(*) from (select a, b from t order by b desc, a limit -1 offset 1)'
