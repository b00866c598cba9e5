export const tester = {
};
