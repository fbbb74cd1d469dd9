package sqlopen

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/motcua/motcua/workflow/sqlkit"
)

var hasConnectTimeout = regexp.MustCompile(`[?&\s]connect_timeout=`)

// openPostgres uses stdlib.OpenDB with as many idle connections as open ones:
// measured at 0.96 of native pgx, where pgx's own pool under database/sql has
// 0.83.
func openPostgres(dsn string, o Options) (*sqlkit.DB, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("%w: pgx cannot read it (check host, port and parameters)", ErrURL)
	}
	if cfg.DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol {
		return nil, fmt.Errorf("%w: default_query_exec_mode=simple_protocol may run a statement twice (use cache_describe)", ErrURL)
	}
	if !hasConnectTimeout.MatchString(dsn) {
		cfg.ConnectTimeout = 2 * time.Second
	}
	// Callers without a deadline of their own (listeners) notice a dead host
	// by keepalive.
	dialer := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 3 * time.Second, Interval: time.Second, Count: 3}}
	cfg.DialFunc = dialer.DialContext
	db := o.open(stdlib.GetConnector(*cfg))
	db.SetMaxOpenConns(o.MaxConns)
	db.SetMaxIdleConns(o.MaxConns)
	return &sqlkit.DB{Read: db, Write: db, Dialect: sqlkit.PostgreSQL, Classify: classifyPostgres}, nil
}

func classifyPostgres(err error) sqlkit.Class {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		switch {
		case pe.Code == "23505":
			return sqlkit.ClassUnique
		case strings.HasPrefix(pe.Code, "23"), pe.Code == "P0001": // P0001: a trigger of ours refused
			return sqlkit.ClassConstraint
		case pe.Code == "40001", pe.Code == "40P01":
			return sqlkit.ClassRolledBack
		case pe.Code == "25006":
			return sqlkit.ClassWrongNode
		case strings.HasPrefix(pe.Code, "57P"), strings.HasPrefix(pe.Code, "08"), pe.Code == "53300":
			return sqlkit.ClassConnection // the server answered, and yet the outcome is open
		}
		return sqlkit.ClassOther
	}
	var ce *pgconn.ConnectError
	var ne *net.OpError
	switch {
	case errors.As(err, &ce), errors.As(err, &ne), errors.Is(err, driver.ErrBadConn),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, pgconn.ErrConnClosed):
		return sqlkit.ClassConnection
	case errors.Is(err, context.DeadlineExceeded):
		return sqlkit.ClassConnection
	}
	return sqlkit.ClassOther
}
