// Package loopback keeps simulators off the network.
package loopback

import (
	"fmt"
	"net"
)

// Check refuses an address for listening ("host:port") that others than this
// machine could reach, unless insecure is set. A name other than localhost is
// refused, too: where it leads is not known here.
func Check(addr string, insecure bool) error {
	if insecure {
		return nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("listen address %q: give host:port", addr)
	}
	if host == "localhost" {
		return nil
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("a simulator does not listen on %q: use 127.0.0.1, or the insecure demo mode", addr)
}
