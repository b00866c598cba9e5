export const palette = {
};
