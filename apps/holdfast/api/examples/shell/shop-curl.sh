#!/bin/sh
# A shop in shell, over HTTP: ten mugs arrive, a customer reserves three and buys them, another one wants more than are left.
#
# Start Holdfast with `npm start`, then:
#
#     sh apps/holdfast/api/examples/shell/shop-curl.sh
#
# HOLDFAST_URL says where it is, if not at http://localhost:8420.
set -eu

url=${HOLDFAST_URL:-http://localhost:8420}
# A name for this run and a SKU of its own, so that you can run it again and see the same.
run=${1:-$(date +%s)}
sku=MUG-$run

# curl asks again by itself on 503 and 504; ids and keys make it safe to send the same again.
post() {
  curl --silent --show-error --retry 5 --retry-connrefused --max-time 5 \
    --header 'content-type: application/json' --data "$2" "$url$1"
}

# 1. Say what happened. The id makes it safe to say it again.
received=$(post /v1/events '{"id":"receipt-'"$run"'","source":"example-curl","type":"goods.received",
  "data":{"putaway":"done","lines":[{"sku":"'"$sku"'","quantity":10}]}}')
echo "received  $received"

# 2. Reserve. What is stored is decided a moment later, so the SKU may not be known yet. A denial is final for its key:
#    whoever wants to ask anew asks with another one.
attempt=0
while
  answer=$(post /v1/reservations '{"key":"cart-'"$run-$attempt"'","sku":"'"$sku"'","quantity":3}')
  case $answer in *unknown_sku*) [ "$attempt" -lt 100 ] ;; *) false ;; esac
do
  attempt=$((attempt + 1))
  sleep 0.1
done
echo "cart      $answer"
reservation=$(printf '%s' "$answer" | sed -n 's/.*"reservationId":"\([^"]*\)".*/\1/p')
[ -n "$reservation" ] || { echo 'expected a grant' >&2; exit 1; }

# 3. The customer pays: the units now belong to the order. (Or: .../release. Or do nothing, and the hold ends by itself.)
echo "order     $(post "/v1/reservations/$reservation/confirm" '{"key":"buy-'"$run"'","orderId":"order-'"$run"'"}')"

# 4. Nothing is granted beyond what is there.
echo "too many  $(post /v1/reservations '{"key":"greedy-'"$run"'","sku":"'"$sku"'","quantity":8}')"
