/** What the orchestrator costs, measured beside other init processes. */
@NullMarked
package com.circleci.runnerinit.bench;

import org.jspecify.annotations.NullMarked;
