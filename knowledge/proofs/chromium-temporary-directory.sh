#!/bin/sh
# Its own sandbox wants nested user namespaces, which a box refuses.
printf '<p id=p>empty</p><script>p.textContent = "rende" + "red"</script>\n' > page.html
page=$PWD/page.html
cd /usr || exit 99
chromium --headless --no-sandbox --disable-gpu --user-data-dir="$HOME/chromium" --dump-dom "file://$page" > "$HOME/dom"
code=$?
grep -o -m 1 '>rendered<' "$HOME/dom" | tr -d '<>'
exit $code
