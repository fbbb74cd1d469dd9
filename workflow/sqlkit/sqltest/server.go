package sqltest

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/modules/postgres"
)

// server returns the URL of the one PostgreSQL server of this test process, or
// the reason why there is none. The container goes away with the process's
// reaper, or with the machine where the reaper is disabled.
var server = sync.OnceValues(func() (string, string) {
	if dsn := os.Getenv("DATABASE_URL"); dsn != "" {
		return dsn, ""
	}
	return container()
})

func container() (dsn, why string) {
	image := cmp.Or(os.Getenv("MOTCUA_POSTGRES_IMAGE"), "postgres:17-alpine")
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	defer func() { // some engines make the client panic instead of answering
		if p := recover(); p != nil {
			dsn, why = "", fmt.Sprint("no container engine: ", p)
		}
	}()
	// testcontainers goes on to the default socket when the engine it was told
	// to use is away; whoever names an engine means that one.
	if socket, ok := strings.CutPrefix(os.Getenv("DOCKER_HOST"), "unix://"); ok {
		if err := answers(socket); err != nil {
			return "", "no DATABASE_URL, and the engine DOCKER_HOST names is away: " + err.Error()
		}
	}
	provider, err := testcontainers.NewDockerProvider()
	if err != nil {
		return "", "no container engine and no DATABASE_URL: " + err.Error()
	}
	defer provider.Close() //nolint:errcheck // an idle HTTP client
	if err := provider.Health(ctx); err != nil {
		return "", "no container engine and no DATABASE_URL: " + err.Error()
	}
	// Inside a container the engine's published ports may be on loopback all
	// the same; testcontainers would look for them at the gateway.
	if _, err := os.Stat("/.dockerenv"); err == nil && os.Getenv("TESTCONTAINERS_HOST_OVERRIDE") == "" && loopbackEngine() {
		if err := os.Setenv("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1"); err != nil {
			return "", err.Error()
		}
	}
	c, err := postgres.Run(ctx, image, postgres.BasicWaitStrategies(),
		postgres.WithDatabase("motcua"), postgres.WithUsername("motcua"), postgres.WithPassword("motcua"),
		testcontainers.WithCmdArgs("-c", "max_connections=500")) // parallel tests have a database each
	if err != nil {
		if c != nil {
			_ = testcontainers.TerminateContainer(c) // it never became useful
		}
		return "", fmt.Sprintf("image %s does not start (set MOTCUA_POSTGRES_IMAGE or DATABASE_URL): %v", image, err)
	}
	dsn, err = c.ConnectionString(ctx, "sslmode=disable")
	if err != nil {
		return "", err.Error()
	}
	return dsn, ""
}

// loopbackEngine reports whether the engine is reached through a local socket.
func loopbackEngine() bool { return answers("/var/run/docker.sock") == nil }

// answers reports what keeps a Unix socket from being connected to.
func answers(socket string) error {
	conn, err := net.DialTimeout("unix", socket, time.Second)
	if err != nil {
		return err
	}
	return conn.Close()
}
