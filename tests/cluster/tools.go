//go:build tools

package main

// Keeps the Gateway API in go.mod: the tests install the CRDs that its module carries.
import _ "sigs.k8s.io/gateway-api/apis/v1"
