people
# With a subject of its own: without one the statement would already not fit its predicate.
new --scratch 64M --executable /bin/sh
both
expect 0 d justification verify j.dsse.json
/usr/bin/python3 - <<'END'
import base64, json
whole = json.load(open("j.dsse.json"))
def write(name, change):
    other = json.loads(json.dumps(whole))
    change(other)
    open(name, "w").write(json.dumps(other))
def flip(text, at):
    raw = bytearray(base64.b64decode(text))
    raw[at % len(raw)] ^= 1
    return base64.b64encode(bytes(raw)).decode()
def more(envelope):
    raw = base64.b64decode(envelope["payload"])
    assert b'"64M"' in raw
    envelope["payload"] = base64.b64encode(raw.replace(b'"64M"', b'"65M"')).decode()
write("more.json", more)
for at in range(0, 900, 53):
    write(f"payload-{at}.json", lambda e: e.update(payload=flip(e["payload"], at)))
for at in range(0, 64, 5):
    for which in 0, 1:
        write(f"sig-{which}-{at}.json", lambda e: e["signatures"][which].update(sig=flip(e["signatures"][which]["sig"], at)))
write("swapped.json", lambda e: (lambda a, b: (a.update(sig=b["sig"]), b.update(sig=a["sig"])))(*e["signatures"]))
write("claimed.json", lambda e: e["signatures"][0].update(keyid=e["signatures"][1]["keyid"]))
# What nobody signed may change: the order.
write("turned.json", lambda e: e["signatures"].reverse())
END
expect 77 d justification verify more.json
said bad-signature
for file in sig-*.json swapped.json claimed.json; do
    expect 77 d justification verify "$file"
done
for file in payload-*.json; do
    got=0
    d justification verify "$file" >said 2>&1 || got=$?
    [ "$got" = 77 ] || [ "$got" = 78 ] || { cat said; echo "$file: $got"; exit 1; }
done
expect 0 d justification verify turned.json
