// A shop in Go, over HTTP: ten mugs arrive, a customer reserves three and buys them, another one wants more than are left.
//
// Start Holdfast with `npm start`, then, with Go 1.18 or newer and nothing else:
//
//	go run apps/holdfast/api/examples/go/shop.go
//
// HOLDFAST_URL says where it is, if not at http://localhost:8420. Over NATS, with github.com/nats-io/nats.go, the same JSON
// goes to the subjects stock.events.goods.received, stock.reserve and stock.confirm: nc.Request("stock.reserve", body, 2*time.Second).
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"
	"time"
)

type object = map[string]any

var client = http.Client{Timeout: 5 * time.Second}

// try sends JSON once. It fails when nothing is known: not reached, no answer, or an answer that asks to be asked again.
func try(path string, body []byte) (object, error) {
	response, err := client.Post(url()+path, "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode == 503 || response.StatusCode == 504 {
		return nil, fmt.Errorf("%s: %s", path, response.Status)
	}
	var answer object // 409 is a denial, 422 names the fields that are wrong
	return answer, json.NewDecoder(response.Body).Decode(&answer)
}

// post sends JSON until there is an answer. Ids and keys make it safe to send the same again.
func post(path string, body object) object {
	encoded, err := json.Marshal(body)
	if err != nil {
		log.Fatal(err)
	}
	for attempt := 0; ; attempt++ {
		answer, err := try(path, encoded)
		if err == nil {
			return answer
		}
		if attempt == 9 {
			log.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond << attempt)
	}
}

func url() string {
	if given := os.Getenv("HOLDFAST_URL"); given != "" {
		return given
	}
	return "http://localhost:8420"
}

func main() {
	// A name for this run and a SKU of its own, so that you can run it again and see the same.
	run := strconv.FormatInt(time.Now().Unix(), 10)
	if len(os.Args) > 1 {
		run = os.Args[1]
	}
	sku := "MUG-" + run

	// 1. Say what happened. The id makes it safe to say it again.
	fmt.Println("received ", post("/v1/events", object{
		"id":     "receipt-" + run,
		"source": "example-go",
		"type":   "goods.received",
		"data":   object{"putaway": "done", "lines": []object{{"sku": sku, "quantity": 10}}},
	}))

	// 2. Reserve. What is stored is decided a moment later, so the SKU may not be known yet. A denial is final for its key:
	//    whoever wants to ask anew asks with another one.
	var answer object
	for attempt := 0; attempt < 100; attempt++ {
		answer = post("/v1/reservations", object{"key": fmt.Sprintf("cart-%s-%d", run, attempt), "sku": sku, "quantity": 3})
		if answer["reason"] != "unknown_sku" {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	fmt.Println("cart     ", answer)
	if answer["status"] != "granted" {
		log.Fatal("expected a grant")
	}

	// 3. The customer pays: the units now belong to the order. (Or: .../release. Or do nothing, and the hold ends by itself.)
	path := fmt.Sprintf("/v1/reservations/%s/confirm", answer["reservationId"])
	fmt.Println("order    ", post(path, object{"key": "buy-" + run, "orderId": "order-" + run}))

	// 4. Nothing is granted beyond what is there.
	fmt.Println("too many ", post("/v1/reservations", object{"key": "greedy-" + run, "sku": sku, "quantity": 8}))
}
