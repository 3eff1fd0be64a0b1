/** tanh whose argument is clamped first: some drivers compute it through exp and overflow to NaN. */
export const safeTanh = {
    name: 'safe_tanh',
    source: `
    fn safe_tanh(x: f32) -> f32 {
      return tanh(clamp(x, -15.0, 15.0));
    }`,
};
//# sourceMappingURL=tanh.js.map