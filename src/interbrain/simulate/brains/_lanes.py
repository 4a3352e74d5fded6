"""Weighted sums over edges for as many sets of parameters as fill one line of the cache, in vector registers.

A loop over arrays cannot do it: its sums go to memory after every few edges, since the compiler does not know that no
edge's values lie where they go, and sixteen numbers are too few to pay for asking. So this one loop is written in the
compiler's own terms: vectors of :data:`LINE` bytes, which it cuts to what the processor has.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LINE = 64
"""Bytes: eight sets in double, sixteen in single precision. What the regions of that many sets sent lately stays in a
core's own memory; with more it does not, and a step waits for it."""

_FAST = ("contract", "reassoc", "nsz")


def _summed(channels: int) -> Any:
    @intrinsic
    def sums(typingctx: Any, ring: Any, far: Any, offset: Any, length: Any, first: Any, last: Any, address: Any,
             weight: Any, into: Any, at: Any, apart: Any) -> Any:  # fmt: skip
        signature = types.void(ring, far, offset, length, first, last, address, weight, into, at, apart)

        def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            held = [context.make_array(t)(context, builder, v) if isinstance(t, types.Array) else v
                    for t, v in zip(signature.args, given)]  # fmt: skip
            ring, far, offset, length, first, last, address, weight, into, at, apart = held
            number = context.get_value_type(signature.args[0].dtype)
            lanes = LINE // (signature.args[0].dtype.bitwidth // 8)
            vector = ir.VectorType(number, lanes)
            wide, short = ir.IntType(64), signature.args[0].dtype.bitwidth // 8
            zero = ir.Constant(vector, [0.0] * lanes)
            totals = [[cgutils.alloca_once_value(builder, zero) for _ in range(channels)] for _ in range(2)]

            def line(base: Any, index: Any) -> Any:
                return builder.bitcast(builder.gep(base, [index]), vector.as_pointer())

            def add(edge: Any, total: list[Any]) -> None:
                here = builder.load(builder.gep(address.data, [edge]))
                row = builder.add(here if here.type.width == 64 else builder.sext(here, wide), offset)
                around = builder.sub(row, length)
                row = builder.select(builder.icmp_signed(">=", row, length), around, row)
                start = builder.mul(row, ir.Constant(wide, lanes))
                one = builder.load(builder.gep(weight.data, [edge]))
                first_lane = builder.insert_element(
                    ir.Constant(vector, ir.Undefined), one, ir.Constant(ir.IntType(32), 0)
                )
                every = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
                spread = builder.shuffle_vector(first_lane, ir.Constant(vector, ir.Undefined), every)
                for c in range(channels):
                    values = builder.load(line(ring.data, builder.add(start, far) if c else start), align=short)
                    product = builder.fmul(spread, values, flags=_FAST)
                    builder.store(builder.fadd(builder.load(total[c]), product, flags=_FAST), total[c])

            count = builder.sub(last, first)
            two = ir.Constant(wide, 2)
            with cgutils.for_range(builder, builder.sdiv(count, two)) as loop:
                edge = builder.add(first, builder.mul(loop.index, two))
                add(edge, totals[0])
                add(builder.add(edge, ir.Constant(wide, 1)), totals[1])
            with builder.if_then(builder.icmp_signed("!=", builder.srem(count, two), ir.Constant(wide, 0))):
                add(builder.sub(last, ir.Constant(wide, 1)), totals[0])
            for c in range(channels):
                total = builder.fadd(builder.load(totals[0][c]), builder.load(totals[1][c]), flags=_FAST)
                builder.store(total, line(into.data, builder.add(at, apart) if c else at), align=short)
            return context.get_dummy_value()

        return signature, generate

    return sums


sums_of_one, sums_of_two = _summed(1), _summed(2)
