"""A shop in Python, over HTTP: ten mugs arrive, a customer reserves three and buys them, another one wants more than are left.

Start Holdfast with `npm start`, then, with Python 3.8 or newer and nothing else:

    python3 apps/holdfast/api/examples/python/shop.py

HOLDFAST_URL says where it is, if not at http://localhost:8420. Over NATS, with the package nats-py, the same JSON goes to the
subjects stock.events.goods.received, stock.reserve and stock.confirm: `await nc.request("stock.reserve", body, timeout=2)`.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request

URL = os.environ.get("HOLDFAST_URL", "http://localhost:8420")

# A name for this run and a SKU of its own, so that you can run it again and see the same.
RUN = sys.argv[1] if len(sys.argv) > 1 else str(int(time.time()))
SKU = f"MUG-{RUN}"


def post(path, body):
    """Sends JSON until there is an answer. Ids and keys make it safe to send the same again; 503 and 504 ask for it."""
    for attempt in range(10):
        request = urllib.request.Request(
            URL + path,
            data=json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                return json.load(response)
        except urllib.error.HTTPError as refusal:
            answer = json.load(refusal)
            if refusal.code not in (503, 504):
                return answer  # 409 is a denial, 422 names the fields that are wrong
        except OSError as problem:  # not reached, or no answer in time
            answer = {"status": "unknown", "message": str(problem)}
        time.sleep(0.1 * 2**attempt)
    return answer


# 1. Say what happened. The id makes it safe to say it again.
received = post(
    "/v1/events",
    {
        "id": f"receipt-{RUN}",
        "source": "example-python",
        "type": "goods.received",
        "data": {"putaway": "done", "lines": [{"sku": SKU, "quantity": 10}]},
    },
)
print("received ", received)

# 2. Reserve. What is stored is decided a moment later, so the SKU may not be known yet. A denial is final for its key:
#    whoever wants to ask anew asks with another one.
for attempt in range(100):
    answer = post("/v1/reservations", {"key": f"cart-{RUN}-{attempt}", "sku": SKU, "quantity": 3})
    if answer.get("reason") != "unknown_sku":
        break
    time.sleep(0.1)
print("cart     ", answer)
if answer["status"] != "granted":
    sys.exit("expected a grant")

# 3. The customer pays: the units now belong to the order. (Or: .../release. Or do nothing, and the hold ends by itself.)
path = f"/v1/reservations/{answer['reservationId']}/confirm"
print("order    ", post(path, {"key": f"buy-{RUN}", "orderId": f"order-{RUN}"}))

# 4. Nothing is granted beyond what is there.
print("too many ", post("/v1/reservations", {"key": f"greedy-{RUN}", "sku": SKU, "quantity": 8}))
