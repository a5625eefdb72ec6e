//go:build go1.26

package main

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
)

func groupProtocol(name string) []kgo.Opt {
	switch name {
	case "classic":
		return nil
	case "consumer":
		return []kgo.Opt{kgo.ServerSideBalancer()}
	}
	must(fmt.Errorf("no such group protocol: %s", name))
	return nil
}
