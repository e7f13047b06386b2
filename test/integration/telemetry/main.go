// Receivers of telemetry that nobody here wrote, for the tests: OpenTelemetry's own OTLP receiver (the collector's), and
// POST /api/annotations read strictly into Grafana's own type of its body. What they took is printed as JSON lines.
package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"

	"github.com/go-openapi/strfmt"
	"github.com/grafana/grafana-openapi-client-go/models"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
)

var out sync.Mutex

func say(value any) {
	out.Lock()
	defer out.Unlock()
	text, _ := json.Marshal(value)
	fmt.Println(string(text))
}

func attributes(m pcommon.Map) map[string]any { return m.AsRaw() }

func takeTraces(_ context.Context, td ptrace.Traces) error {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				traceID, spanID, parentID := s.TraceID(), s.SpanID(), s.ParentSpanID()
				say(map[string]any{
					"kind": "span", "name": s.Name(), "spanKind": s.Kind().String(), "status": s.Status().Code().String(),
					"traceId": hex.EncodeToString(traceID[:]), "spanId": hex.EncodeToString(spanID[:]),
					"parentSpanId": hex.EncodeToString(parentID[:]),
					"start":        fmt.Sprint(uint64(s.StartTimestamp())), "end": fmt.Sprint(uint64(s.EndTimestamp())),
					"attributes": attributes(s.Attributes()), "resource": attributes(rs.Resource().Attributes()),
				})
			}
		}
	}
	return nil
}

func annotate(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != "/api/annotations" {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	if r.Header.Get("Authorization") != "Bearer test-token" {
		http.Error(w, `{"message":"Unauthorized"}`, http.StatusUnauthorized)
		return
	}
	var cmd models.PostAnnotationsCmd
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&cmd)
	if err == nil {
		err = cmd.Validate(strfmt.Default)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	say(map[string]any{"kind": "annotation", "time": cmd.Time, "timeEnd": cmd.TimeEnd, "tags": cmd.Tags, "text": cmd.Text})
	w.Write([]byte(`{"message":"Annotation added","id":1}`))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func freeAddress() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func main() {
	address := freeAddress()
	factory := otlpreceiver.NewFactory()
	cfg := factory.CreateDefaultConfig()
	conf := confmap.NewFromStringMap(map[string]any{"protocols": map[string]any{"http": map[string]any{"endpoint": address}}})
	if err := conf.Unmarshal(cfg); err != nil {
		fail(err)
	}
	next, err := consumer.NewTraces(takeTraces)
	if err != nil {
		fail(err)
	}
	rcv, err := factory.CreateTraces(context.Background(), receivertest.NewNopSettings(component.MustNewType("otlp")), cfg, next)
	if err != nil {
		fail(err)
	}
	if err := rcv.Start(context.Background(), componenttest.NewNopHost()); err != nil {
		fail(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail(err)
	}
	go http.Serve(listener, http.HandlerFunc(annotate))
	say(map[string]any{"kind": "ready", "otlp": "http://" + address, "grafana": "http://" + listener.Addr().String()})
	// Ends with whoever started it: stdin is closed then.
	buffer := make([]byte, 64)
	for {
		if _, err := os.Stdin.Read(buffer); err != nil {
			return
		}
	}
}
