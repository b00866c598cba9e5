export const workers = {
};
