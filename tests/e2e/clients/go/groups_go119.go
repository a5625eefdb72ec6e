//go:build !go1.26

package main

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
)

// The franz-go that Debian 12's Go can build is older than KIP-848.
func groupProtocol(name string) []kgo.Opt {
	if name != "classic" {
		must(fmt.Errorf("no such group protocol: %s", name))
	}
	return nil
}

func share(_ string, _ job) (res result) {
	must(fmt.Errorf("no share groups in this franz-go"))
	return res
}
