# Many sign one file, and many are trusted, at the same time: nothing is lost.
new --scratch 64M
for number in 1 2 3 4 5 6 7 8; do
    d key generate "k$number" >"k$number.pub"
done
for number in 1 2 3 4 5 6 7 8; do
    d justification sign j.yaml --key "k$number" &
    d key trust "k$number.pub" --person "p$number" --role approver &
done
wait
[ "$(grep -c '"sig"' j.dsse.json)" = 8 ]
[ "$(grep -c '^\[\[key\]\]$' "$configuration/trust.toml")" = 8 ]
expect 77 d justification verify j.dsse.json
[ "$(grep -c '^  signed by' said)" = 8 ]
# Nor does anything stay behind.
[ -z "$(find . "$configuration" -name '.j.*' -o -name '.trust.*')" ]
