// The rules of Snake: they know no page, so that they can be tried without one.
const Snake = (() => {
  const SIZE = 20;
  const WAYS = { up: [0, -1], down: [0, 1], left: [-1, 0], right: [1, 0] };

  const isAt = (one, other) => one.x === other.x && one.y === other.y;
  const isOn = (body, cell) => body.some((part) => isAt(part, cell));

  function begin() {
    const body = [9, 8, 7].map((x) => ({ x, y: 10 })); // the head first
    return { body, way: "right", next: "right", food: { x: 13, y: 10 }, score: 0, over: false };
  }

  // Turn at the next step; never back into its own neck.
  function turn(game, way) {
    const [x, y] = WAYS[way];
    const [ahead, down] = WAYS[game.way];
    const isBack = x === -ahead && y === -down;
    return isBack || game.over ? game : { ...game, next: way };
  }

  // One cell on. `random` gives numbers from 0 to below 1.
  function step(game, random = Math.random) {
    if (game.over) return game;
    const [x, y] = WAYS[game.next];
    const head = { x: game.body[0].x + x, y: game.body[0].y + y };
    const eats = isAt(head, game.food);
    const rest = eats ? game.body : game.body.slice(0, -1);
    const isOut = Math.min(head.x, head.y) < 0 || Math.max(head.x, head.y) >= SIZE;
    if (isOut || isOn(rest, head)) return { ...game, over: true };
    const body = [head, ...rest];
    const moved = { ...game, body, way: game.next };
    if (!eats) return moved;
    const food = place(body, random);
    return { ...moved, food: food ?? game.food, score: game.score + 1, over: food === undefined };
  }

  // A free cell; none once the snake fills the board.
  function place(body, random) {
    const cells = Array.from({ length: SIZE * SIZE }, (_, at) => ({
      x: at % SIZE,
      y: Math.floor(at / SIZE),
    }));
    const free = cells.filter((cell) => !isOn(body, cell));
    return free[Math.floor(random() * free.length)];
  }

  return { SIZE, begin, turn, step };
})();

if (typeof module !== "undefined") module.exports = Snake;
