"""The calculator app: arithmetic and units. It touches nothing."""

from .decorator import tool
from .effect import Effect
from .errors import ToolFailed
from .said.arithmetic import evaluate


@tool(effect=Effect.READ, state="calculator", say="{expression} is {result}.")
def calculate(expression: str) -> int | float:
    """Work out an arithmetic expression.

    Args:
        expression: Expression, such as '12 * (3 + 4)'

    Returns:
        Value
    """
    try:
        return evaluate(expression)
    except ValueError as error:
        raise ToolFailed(str(error)) from error


@tool(effect=Effect.READ, state="calculator", say="{value} {from_unit} is {result} {to_unit}.")
def convert_units(value: int | float, from_unit: str, to_unit: str) -> int | float:
    """Convert a quantity to another unit.

    Args:
        value: Amount
        from_unit: Unit of the amount
        to_unit: Unit to convert to

    Returns:
        Converted value
    """
    from .said.units import (
        convert,  # pint takes a quarter of a second to import, which no start should wait for
    )

    try:
        return convert(value, from_unit, to_unit)
    except ValueError as error:
        raise ToolFailed(str(error)) from error
