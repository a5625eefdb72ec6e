//go:build !go1.26

package main

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
)

// The SCRAM of that older franz-go takes a module more; the matrix has the newer one.
func security(protocol string, props map[string]string) []kgo.Opt {
	if protocol != "PLAINTEXT" {
		must(fmt.Errorf("no such security protocol here: %s", protocol))
	}
	return nil
}
