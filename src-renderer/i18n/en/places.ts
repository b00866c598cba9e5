export const places = {
};
