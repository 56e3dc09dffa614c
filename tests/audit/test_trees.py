import ast
from pathlib import Path

from audit import target, trees

SOURCES = sorted(Path(target.__file__).parent.rglob("*.py"))
MORE = """
async def f(a, /, b: int = 1, *c, d=2, **e) -> None:
    global g
    match a:
        case {"k": [x, *rest], **others} if x: pass
        case P(q=1) | None as w: ...
    async with a as b, c: await b
    return [y async for y in c if y], {**e}, f"{a!r:>{b}}", lambda z: (yield)
"""


def test_the_children_are_all_that_a_node_holds_but_the_marks_of_load_and_store():
    kinds = set()
    for text in (MORE, *(path.read_text(encoding="utf-8") for path in SOURCES)):
        for node in ast.walk(ast.parse(text)):
            kinds.add(type(node))
            held = [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr_context)]
            assert trees.children(node) == held
    assert len(kinds) > 80


def test_what_is_inside_a_node_is_what_walking_finds():
    for text in (MORE, *(path.read_text(encoding="utf-8") for path in SOURCES[:20])):
        tree = ast.parse(text)
        walked = [node for node in ast.walk(tree) if not isinstance(node, ast.expr_context)]
        assert sorted(map(id, trees.inside(tree))) == sorted(map(id, walked))


def test_the_lines_of_a_function_are_its_statements_handlers_and_cases():
    text = "def f(x):\n try:\n  y = [x for x in x]\n except E:\n  return 1\n match x:\n  case 1: g()"
    function = ast.parse(text).body[0]
    kinds = [type(line).__name__ for line in trees.lines_of(function)]
    assert sorted(kinds) == ["Assign", "ExceptHandler", "Expr", "Match", "Return", "Try", "match_case"]


def test_a_walk_knows_every_node_and_what_holds_it():
    for text in ("", MORE, *(path.read_text(encoding="utf-8") for path in SOURCES[:20])):
        tree = ast.parse(text)
        walk = trees.walk(tree)
        naive = {child: node for node in walk.nodes for child in trees.children(node)}
        assert dict(walk.holders()) == naive
        assert walk.nodes[0] is tree
        assert len(walk.nodes) == 1 + sum(len(trees.children(node)) for node in walk.nodes)
    assert trees.walk(None).nodes == ()
    assert trees.walk(ast.parse("f(g(h(1)))")).depth == 6  # module, statement, three calls, constant


def test_a_node_with_very_many_parts_is_counted_right():
    walk = trees.walk(ast.parse(f"[{'1, ' * 70_000}]"))
    assert len(walk.of(ast.Constant)) == 70_000
    assert len(dict(walk.holders())) == 70_002


def test_nodes_are_given_by_kind_in_the_order_of_all():
    for text in (MORE, *(path.read_text(encoding="utf-8") for path in SOURCES[:20])):
        walk = trees.walk(ast.parse(text))
        for kinds in ((ast.Name,), (ast.Call, ast.Attribute, ast.Constant), (ast.Global, ast.Set)):
            assert walk.of(*kinds) == [node for node in walk.nodes if type(node) in kinds]
    assert walk.of() == []
