// Package conformance runs the official conformance suite of Gateway API, unmodified, one test after the other.
//
// `tests/conformance.rs` starts what it needs and judges what it prints. Which features are tested is what the status of
// the GatewayClass claims.
package conformance

import (
	"testing"

	"sigs.k8s.io/gateway-api/conformance"
	"sigs.k8s.io/gateway-api/conformance/tests"
)

func TestConformance(t *testing.T) {
	// Tests that are marked as parallel count as passed in the suite's report before they have run.
	for i := range tests.ConformanceTests {
		tests.ConformanceTests[i].Parallel = false
	}
	conformance.RunConformance(t)
}
