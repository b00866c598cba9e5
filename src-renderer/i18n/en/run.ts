export const run = {
};
