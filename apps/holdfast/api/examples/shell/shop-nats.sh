#!/bin/sh
# A shop in shell, over NATS: ten mugs arrive, a customer reserves three and buys them, another one wants more than are left.
#
# Start Holdfast with `npm start`, then, with the command `nats`:
#
#     sh apps/holdfast/api/examples/shell/shop-nats.sh
#
# NATS_URL says where NATS is, if not at nats://localhost:4222.
set -eu

url=${NATS_URL:-nats://localhost:4222}
# A name for this run and a SKU of its own, so that you can run it again and see the same.
run=${1:-$(date +%s)}
sku=MUG-$run

# Sends a request and prints the reply alone. No reply means that nothing is known: send the same again.
request() {
  nats --server "$url" request --raw --timeout 5s "$1" "$2" </dev/null
}

# 1. Say what happened; the type is the end of the subject. The reply is the acknowledgement of JetStream: it is stored.
received=$(request stock.events.goods.received '{"id":"receipt-'"$run"'","source":"example-nats",
  "data":{"putaway":"done","lines":[{"sku":"'"$sku"'","quantity":10}]}}')
echo "received  $received"

# 2. Reserve. What is stored is decided a moment later, so the SKU may not be known yet. A denial is final for its key:
#    whoever wants to ask anew asks with another one.
attempt=0
while
  answer=$(request stock.reserve '{"key":"cart-'"$run-$attempt"'","sku":"'"$sku"'","quantity":3}')
  case $answer in *unknown_sku*) [ "$attempt" -lt 100 ] ;; *) false ;; esac
do
  attempt=$((attempt + 1))
  sleep 0.1
done
echo "cart      $answer"
reservation=$(printf '%s' "$answer" | sed -n 's/.*"reservationId":"\([^"]*\)".*/\1/p')
[ -n "$reservation" ] || { echo 'expected a grant' >&2; exit 1; }

# 3. The customer pays: the units now belong to the order. (Or: stock.release. Or do nothing, and the hold ends by itself.)
echo "order     $(request stock.confirm '{"key":"buy-'"$run"'","reservationId":"'"$reservation"'","orderId":"order-'"$run"'"}')"

# 4. Nothing is granted beyond what is there.
echo "too many  $(request stock.reserve '{"key":"greedy-'"$run"'","sku":"'"$sku"'","quantity":8}')"

# And this shows every change of stock while it happens (Ctrl-C ends it):
#     nats --server "$url" subscribe 'stock.availability.*'
