@NullMarked
package com.circleci.runnerinit.health;

import org.jspecify.annotations.NullMarked;
