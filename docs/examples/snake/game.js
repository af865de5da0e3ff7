// Draws the game, and hears the keys.
(() => {
  const CELL = 20;
  const STEP_MS = 120;
  const COLOURS = { board: "#161b22", body: "#2ea043", head: "#7ee787", food: "#ff7b72" };
  const KEYS = {
    ArrowUp: "up",
    ArrowDown: "down",
    ArrowLeft: "left",
    ArrowRight: "right",
    w: "up",
    s: "down",
    a: "left",
    d: "right",
  };

  const pen = document.getElementById("board").getContext("2d");
  const score = document.getElementById("score");
  const message = document.getElementById("message");
  let game = Snake.begin();

  function fill(cell, colour, round) {
    pen.fillStyle = colour;
    pen.beginPath();
    pen.roundRect(cell.x * CELL + 1, cell.y * CELL + 1, CELL - 2, CELL - 2, round);
    pen.fill();
  }

  function draw() {
    pen.fillStyle = COLOURS.board;
    pen.fillRect(0, 0, Snake.SIZE * CELL, Snake.SIZE * CELL);
    fill(game.food, COLOURS.food, CELL / 2);
    game.body.forEach((part, at) => fill(part, at ? COLOURS.body : COLOURS.head, 5));
    score.textContent = game.score;
    message.textContent = game.over ? "Game over: press Space" : "Arrow keys or WASD";
  }

  addEventListener("keydown", (event) => {
    const way = KEYS[event.key];
    if (way) game = Snake.turn(game, way);
    else if (event.key === " " && game.over) game = Snake.begin();
    else return;
    event.preventDefault(); // or the page scrolls
    draw();
  });

  setInterval(() => {
    game = Snake.step(game);
    draw();
  }, STEP_MS);
  draw();
})();
